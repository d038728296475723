"""Notes that are kept in PostgreSQL."""

import os

import psycopg
from flask import Flask, jsonify, request

app = Flask(__name__)


def connect():
    return psycopg.connect(os.environ["DATABASE_URL"])


@app.get("/")
def notes():
    with connect() as connection:
        rows = connection.execute("SELECT text FROM notes ORDER BY id DESC LIMIT 100").fetchall()
    return jsonify([text for (text,) in rows])


@app.post("/")
def add():
    text = str((request.get_json(silent=True) or {}).get("text", "")).strip()
    if not 0 < len(text) <= 500:
        return jsonify(error="text must have 1 to 500 characters"), 400
    with connect() as connection:
        connection.execute("INSERT INTO notes (text) VALUES (%s)", (text,))
    return jsonify(text=text), 201


@app.get("/healthz")
def healthz():
    with connect() as connection:
        connection.execute("SELECT 1")
    return "ok"
