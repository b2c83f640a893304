// Reads what a terminal is sent and writes it as events of an asciicast v2 recording, one a line.
const begun = Date.now();
process.stdin.setEncoding('utf8');
process.stdin.on('data', text => {
  process.stdout.write(`${JSON.stringify([(Date.now() - begun) / 1000, 'o', text])}\n`);
});
