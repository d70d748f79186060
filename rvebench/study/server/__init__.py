"""The study's web server. It needs the extra `study`; nothing outside this folder imports starlette or uvicorn."""
