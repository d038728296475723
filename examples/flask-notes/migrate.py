"""Runs once before each deployment."""

import os

import psycopg

with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS notes ("
        "id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text NOT NULL)"
    )
print("The table is there.")
