# A web process on Puma: threads, each of which answers one request at a time.
run lambda { |env|
  seconds = env["QUERY_STRING"][/slow=(\d+)/, 1].to_i
  sleep seconds
  [200, { "content-type" => "text/plain" }, ["#{ENV.fetch("PROCESS_NAME")} waited #{seconds} s\n"]]
}
