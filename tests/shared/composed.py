"""A Compose file that has something of all that a Formation takes from one."""

SHOP = """
name: shop
x-app: &app
  build: {context: ., args: {A: "1"}}
  environment: &env
    DEBUG: yes
    LEVEL: 1.5
    DATABASE_URL: postgres://shop:hunter2@db:5432/shop
  depends_on:
    db: {condition: service_healthy}
    migrate: {condition: service_completed_successfully}
services:
  web:
    <<: *app
    command: gunicorn shop -b '0.0.0.0:8000' --name $$(shop)
    ports: ["127.0.0.1:80:8000/tcp", "5000:5000/udp", "9000:9000"]
    volumes: [".:/app"]
    healthcheck:
      test: curl -f http://localhost:8000/$$NAME || exit 1
      interval: 1m30s
      timeout: 500ms
      retries: 5
      start_period: 10s
    stop_grace_period: 1m0.5s
    deploy:
      replicas: 2
      placement: {constraints: [node.role == manager]}
      resources:
        limits: {cpus: "0.50", memory: 512M, pids: 5}
        reservations: {memory: 1.5gb}
  low_priority:
    <<: *app
    entrypoint: [celery, -A, shop]
    command: [worker]
    environment: {<<: *env, PORT: "3000", TOKEN: }
    user: "1000:0"
    working_dir: /srv
    read_only: true
    volumes: [".:/app"]
  migrate:
    build: {context: ., args: {A: "1"}}
    command: ./manage.py migrate
  db:
    image: postgres:${PG:-15}
    environment: [POSTGRES_PASSWORD=$PW]
"""
