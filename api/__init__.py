"""The door: REST, WebSocket, and the publisher of the world. The only place where HTTP statuses exist."""
