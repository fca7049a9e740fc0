"""`python -m wedgetail`: how the supervisor starts the parts."""

from wedgetail.cli import main

main()
