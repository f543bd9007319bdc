// Loaded into qwen with NODE_OPTIONS="--require .../sockets.cjs": writes down each host that it looks up or connects to,
// one a line, in the file that SOCKETS names.
const dns = require("dns");
const fs = require("fs");
const net = require("net");

const note = (host) => fs.appendFileSync(process.env.SOCKETS, `${host}\n`);
const { connect } = net.Socket.prototype;
const { lookup } = dns;

net.Socket.prototype.connect = function (...words) {
  const to = Array.isArray(words[0]) ? words[0][0] : words[0];
  note((to && (to.host || to.path)) || "localhost");
  return connect.apply(this, words);
};
dns.lookup = (host, ...words) => {
  note(host);
  return lookup(host, ...words);
};
