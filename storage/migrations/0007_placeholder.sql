-- Stands for the migration of another branch, so that numbers go on without a gap: its file takes the place of this one.

SELECT 1;
