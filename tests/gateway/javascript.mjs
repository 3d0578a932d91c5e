// The official client: subscribes, sends an alert, is cut off, comes back by itself and resumes. Prints what it heard.
import { createRequire } from "node:module";

const [url, modules, transports] = process.argv.slice(2);
const { io } = createRequire(modules)("socket.io-client");

let cursor;
const heard = [];
const socket = io(url, {
  ...(transports ? { transports: transports.split(",") } : {}),
  reconnectionDelay: 300,
  randomizationFactor: 0,
  auth: (answer) => answer({ token: "both", subscribe: cursor ? { after: cursor } : {} }),
});

const next = (event) => new Promise((resolve) => socket.once(event, resolve));
socket.on("alert", (alert) => {
  cursor = alert.cursor;
  heard.push(alert.sku);
});

await next("connect");
const first = next("alert");
const answer = await socket.emitWithAck("send_alert", { sku: "first" });
await first;
const back = next("resumed");
await new Promise((resolve) => {
  socket.once("disconnect", resolve);
  socket.io.engine.close();
});
const other = await fetch(`${url}/publish/missed`, { method: "POST" });
await other.text();
const resumed = await back;
const live = next("alert");
await socket.emitWithAck("send_alert", { sku: "live" });
await live;
const refused = await new Promise((resolve) => {
  const stranger = io(url, { forceNew: true, auth: { token: "nobody" }, reconnection: false });
  stranger.once("connect_error", (error) => {
    stranger.close();
    resolve(error.data.code);
  });
});
console.log(JSON.stringify({ heard, resumed, answer: answer.decision, refused }));
socket.close();
