module formations.dev/shop

go 1.26
