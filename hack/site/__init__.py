"""The rendered site of the pages (`make site`), and a browser that looks at it (`make site-check`)."""
