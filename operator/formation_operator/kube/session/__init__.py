"""How requests reach the API server: the connection, who we are to it, and what we spare it and us.

It imports `api`.
"""
