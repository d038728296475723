require "pg"

# Gives a connection for the time of a block.
def connect(&work) = PG.connect(ENV.fetch("DATABASE_URL"), &work)
