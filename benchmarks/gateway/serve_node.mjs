// Socket.IO for Node as it comes: POST /alerts emits each alert to everyone.
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { Server } from "socket.io";

const added = JSON.parse(readFileSync(0, "utf8"));
const http = createServer(async (request, response) => {
  let body = "";
  for await (const part of request) body += part;
  for (const alert of JSON.parse(body)) io.emit("alert", { ...alert, ...added });
  response.writeHead(202, { "content-length": 2 }).end("ok");
});
const io = new Server(http);
http.listen(Number(process.argv[2]), "127.0.0.1");
