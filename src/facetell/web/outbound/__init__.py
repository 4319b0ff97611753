"""The one way out: requests to places that the operator allows, and to public addresses only.

Whoever names an address to a server makes it call that address (server-side request forgery). So a
place must stand in a list that is empty by default (`targets`), its name is resolved once, every
address that comes of it must be public (`addresses`), and the connection goes to one that was
checked, never to the name again (`client`). After OWASP's Server-Side Request Forgery Prevention
Cheat Sheet.
"""
