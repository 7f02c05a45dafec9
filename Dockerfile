FROM python:3.11-slim
RUN apt-get update && apt-get install -y --no-install-recommends \
        libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY requirements.lock .
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY . .
RUN useradd --system --home /app portal && mkdir -p var/uploads var/data \
    && python -m okmo_portal.devtools.translations compile \
    && DJANGO_SETTINGS_MODULE=okmo_portal.settings.production SECRET_KEY=build ALLOWED_HOSTS=build \
       python manage.py collectstatic --noinput --verbosity 0 \
    && chown -R portal var
USER portal
EXPOSE 8000
