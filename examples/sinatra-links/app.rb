# Short links that are kept in PostgreSQL.

require "json"
require "securerandom"
require "sinatra"
require "uri"
require_relative "database"

# A web address of at most 2000 characters; nil where the text is none.
def web_address(text)
  url = URI.parse(text.to_s)
  url.to_s if url.is_a?(URI::HTTP) && url.host && url.to_s.length <= 2000
rescue URI::InvalidURIError
  nil
end

# What a form or JSON says.
def asked_for
  return params["url"] unless request.media_type == "application/json"
  body = JSON.parse(request.body.read(10_000) || "")
  body["url"] if body.is_a?(Hash)
rescue JSON::ParserError
  nil
end

get "/healthz" do
  connect { |db| db.exec("SELECT 1") }
  "ok"
end

post "/" do
  content_type :json
  url = web_address(asked_for)
  halt 400, JSON.generate(error: "url must be a web address") unless url
  code = SecureRandom.alphanumeric(8)
  connect { |db| db.exec_params("INSERT INTO links (code, url) VALUES ($1, $2)", [code, url]) }
  status 201
  JSON.generate(code: code)
end

get "/:code" do |code|
  found = connect { |db| db.exec_params("SELECT url FROM links WHERE code = $1", [code]).first }
  halt 404, "There is no such link.\n" unless found
  redirect found["url"]
end
