# A web process on EventMachine: many requests at once in one thread.
require 'eventmachine'

$stdout.sync = true

# One connection of a client, which may send one request after another.
class Connection < EM::Connection
  OPEN = {}.compare_by_identity

  class << self
    attr_accessor :stopping
  end

  def post_init
    OPEN[self] = true
    @received = +''
  end

  def unbind
    OPEN.delete(self)
  end

  def receive_data(data)
    @received << data
    answer_next unless @busy
  end

  # Answer, at once or after as many seconds as ?slow= says.
  def answer_next
    head = @received.slice!(/\A.*?\r\n\r\n/m) or return
    @busy = true
    path = head.split[1]
    slow = path[/slow=(\d+)/, 1].to_i
    EM.add_timer(slow) do
      send_text("#{ENV['PROCESS_NAME']} waited #{slow} s\n")
      puts "web: GET #{path}"
    end
  end

  def send_text(text)
    closing = Connection.stopping ? "Connection: close\r\n" : ''
    send_data("HTTP/1.1 200 OK\r\nContent-Length: #{text.bytesize}\r\n#{closing}\r\n#{text}")
    @busy = false
    Connection.stopping ? close_connection_after_writing : answer_next
  end

  def close_if_idle
    close_connection unless @busy
  end
end

# From now on each answer asks its client to close the connection. After two seconds accept nothing more, close what
# is still idle, finish what is under way.
def stop(server)
  Connection.stopping = true
  EM.add_timer(2) do
    EM.stop_server(server)
    Connection::OPEN.keys.each(&:close_if_idle)
    EM.add_periodic_timer(0.1) { EM.stop if Connection::OPEN.empty? }
  end
end

EM.run do
  server = EM.start_server('0.0.0.0', ENV['PORT'].to_i, Connection)
  # A thread, because a signal handler itself may not take EventMachine's lock.
  trap('TERM') { Thread.new { EM.schedule { stop(server) } } }
  puts "web: listening on port #{ENV['PORT']}"
end
