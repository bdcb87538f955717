import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;

/** A web process on the JVM: a thread for each request, and a heap as large as its memory allows. */
public final class Web {
    /** How long requests under way may take to finish at SIGTERM. */
    private static final int DRAIN_SECONDS = 5;

    private static volatile boolean stopping;

    public static void main(String[] arguments) throws IOException {
        int port = Integer.parseInt(System.getenv("PORT"));
        HttpServer server = HttpServer.create(new InetSocketAddress(port), 128);
        server.setExecutor(Executors.newCachedThreadPool());
        server.createContext("/", Web::answer);
        server.createContext("/heap", exchange -> send(exchange, Runtime.getRuntime().maxMemory() + "\n"));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> drain(server)));  // runs at SIGTERM
        server.start();
        System.out.println("web: listening on port " + port);
    }

    /**
     * From now on each answer asks its client to close the connection. After two seconds accept nothing more, wait for
     * the requests under way, then close what is open.
     */
    private static void drain(HttpServer server) {
        stopping = true;
        try {
            Thread.sleep(2000);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        server.stop(DRAIN_SECONDS);
    }

    /** Answer, at once or after as many seconds as ?slow= says. */
    private static void answer(HttpExchange exchange) throws IOException {
        String query = exchange.getRequestURI().getQuery();
        int slow = query == null ? 0 : Integer.parseInt(query.substring("slow=".length()));
        try {
            Thread.sleep(slow * 1000L);
        } catch (InterruptedException interrupted) {
            throw new IOException(interrupted);
        }
        send(exchange, System.getenv("PROCESS_NAME") + " waited " + slow + " s\n");
    }

    private static void send(HttpExchange exchange, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        if (stopping) {
            exchange.getResponseHeaders().set("Connection", "close");
        }
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
        System.out.println("web: " + exchange.getRequestMethod() + " " + exchange.getRequestURI());
    }
}
