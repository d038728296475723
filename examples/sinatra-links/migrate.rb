# Runs once before each deployment.

require_relative "database"

connect do |db|
  db.exec("CREATE TABLE IF NOT EXISTS links (code text PRIMARY KEY, url text NOT NULL)")
end
puts "The table is there."
