// A web process on Node.js: many requests at once in one thread.
const http = require('http');

let stopping = false;

// Answer, at once or after as many seconds as ?slow= says.
const server = http.createServer((request, response) => {
  const slow = Number(new URL(request.url, 'http://localhost').searchParams.get('slow'));
  setTimeout(() => {
    if (stopping) response.setHeader('Connection', 'close');
    response.end(`${process.env.PROCESS_NAME} waited ${slow} s\n`);
    console.log(`web: ${request.method} ${request.url}`);
  }, slow * 1000);
});

server.listen(process.env.PORT, () => console.log(`web: listening on port ${process.env.PORT}`));

// From now on each answer asks its client to close the connection. After two seconds accept nothing more, close what
// is still idle, finish what is under way; with nothing left to do, Node.js exits.
process.on('SIGTERM', () => {
  stopping = true;
  setTimeout(() => {
    server.close();
    server.closeIdleConnections();
  }, 2000);
});
