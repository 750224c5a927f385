// A second witness for the device protocol: @brewskey/spark-protocol 1.0.21, which no one here wrote.
//   node witness.js server PROGRAM   the package is the server, our simulated device calls it
//   node witness.js device PROGRAM   our server, and a device made of the package's streams and messages
// Ends with "N passed, N failed". Run by run.sh, which puts the package where require finds it.
'use strict';

const assert = require('assert');
const crypto = require('crypto');
const fs = require('fs');
const net = require('net');
const os = require('os');
const path = require('path');
const { spawn } = require('child_process');

process.env.LOG_LEVEL = process.env.LOG_LEVEL || 'fatal';
const base = path.join(process.env.WITNESS_MODULES, '@brewskey/spark-protocol/dist/lib');
const load = (name) => require(path.join(base, name)).default;
const Handshake = load('Handshake');
const CryptoManager = load('CryptoManager');
const CryptoStream = load('CryptoStream');
const ChunkingStream = load('ChunkingStream');
const CoapMessages = load('CoapMessages');

const DEVICE = '0123456789abcdef01234567';
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rk-witness-'));
let passed = 0;
let failed = 0;

async function check(name, run) {
  try {
    await run();
    passed++;
    console.log(`ok - ${name}`);
  } catch (error) {
    failed++;
    console.log(`not ok - ${name}: ${error.stack}`);
  }
}

// Parsed messages of a stream, and a promise for the next one that fits.
function inbox(stream, first) {
  const waiting = [];
  const messages = [];
  const push = (packet) => {
    const i = waiting.findIndex((w) => w.fits(packet));
    if (i >= 0) waiting.splice(i, 1)[0].resolve(packet);
    else messages.push(packet);
  };
  if (first) CoapMessages.unwrapPdus(first).forEach(push);
  stream.on('data', (plain) => CoapMessages.unwrapPdus(plain).forEach(push));
  return (what, fits) => {
    const i = messages.findIndex(fits);
    if (i >= 0) return Promise.resolve(messages.splice(i, 1)[0]);
    return new Promise((resolve, reject) => {
      waiting.push({ fits, resolve });
      setTimeout(() => reject(new Error(`no ${what} within 10 s`)), 10000).unref();
    });
  };
}

const hasToken = (token) => (p) => p.token && p.token.length === 1 && p.token[0] === token;
const isRequest = (type) => (p) => CoapMessages.getRequestType(p) === type;
const path_of = (p) => CoapMessages.getUriPath(p);

// --- the package is the server ---------------------------------------------------------------------

async function packageServer(program) {
  const server = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
  const device = crypto.generateKeyPairSync('rsa', { modulusLength: 1024 });
  const pem = (key, type) => key.export({ type, format: 'pem' });
  fs.writeFileSync(path.join(dir, 'server.pem'), pem(server.publicKey, 'spki'));
  fs.writeFileSync(path.join(dir, 'device.pem'), pem(device.privateKey, 'pkcs1'));
  const keys = {};
  const manager = new CryptoManager(
    { getByID: async (id) => keys[id], updateByID: async (id, model) => (keys[id] = model) },
    { getPrivateKey: async () => pem(server.privateKey, 'pkcs1'), createKeys: async () => {} });
  await new Promise((resolve) => setTimeout(resolve, 200)); // its constructor reads the key by itself
  const listener = net.createServer();
  await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const connection = new Promise((resolve) => listener.once('connection', resolve));
  const child = spawn(program, [String(listener.address().port), path.join(dir, 'server.pem'),
    path.join(dir, 'device.pem'), DEVICE], { stdio: 'inherit' });
  const socket = await connection;
  const handshake = new Handshake(manager, true);
  let result;
  await check('package server: handshake with our device', async () => {
    result = await handshake.start({ _socket: socket, _connectionKey: 'witness' });
    assert.strictEqual(result.deviceID, DEVICE);
  });
  if (!result) return child.kill();
  const next = inbox(result.decipherStream, result.handshakeBuffer);
  const send = (...args) => result.cipherStream.write(CoapMessages.wrap(...args));
  await check('package server: hello', async () => {
    const hello = await next('hello', isRequest('Hello'));
    assert.strictEqual(hello.payload.readUInt16BE(0), 6); // product
    assert.strictEqual(hello.payload.readUInt16BE(6), 6); // platform
    send('Hello', 1, null, null, null);
  });
  await check('package server: time request', async () => {
    const time = await next('time request', isRequest('GetTime'));
    const seconds = Buffer.alloc(4);
    seconds.writeUInt32BE(1767225600);
    send('GetTimeReturn', time.messageId, null, null, seconds, time.token[0]);
  });
  await check('package server: describe', async () => {
    send('Describe', 2, null, null, null, 11);
    const answer = await next('describe', hasToken(11));
    const json = JSON.parse(answer.payload.toString());
    assert.deepStrictEqual(json.f, ['brew']);
    assert.deepStrictEqual(CoapMessages.translateIntTypes(json.v),
      { temp: 'double', count: 'int32', name: 'string', flag: 'bool' });
  });
  await check('package server: function call', async () => {
    send('FunctionCall', 3, { name: 'brew', args: [Buffer.from('coffee')] }, null, null, 12);
    const answer = await next('result', (p) => hasToken(12)(p) && p.payload.length === 4);
    assert.strictEqual(CoapMessages.fromBinary(answer.payload, 'int32'), 6);
  });
  for (const [name, type, value] of [['temp', 'double', 21.5], ['count', 'int32', -7],
    ['name', 'string', 'text'], ['flag', 'bool', true]]) {
    await check(`package server: variable of type ${type}`, async () => {
      send('VariableRequest', 4, { name }, null, null, 13);
      const answer = await next('value', hasToken(13));
      assert.strictEqual(CoapMessages.fromBinary(answer.payload, type), value);
    });
  }
  await check('package server: signal', async () => {
    send('SignalStart', 5, { args: [Buffer.from([1])] }, null, null, 14);
    await next('signal answer', hasToken(14));
  });
  await check('package server: our device publishes what it is told', async () => {
    send('PublicEvent', 6, { event_name: 'witness' }, null, Buffer.from('hello'));
    const event = await next('event', (p) => isRequest('PrivateEvent')(p) && path_of(p) === '/E/heard');
    assert.strictEqual(event.payload.toString(), 'witness=hello');
    send('EventAck', event.messageId, null, null, null);
  });
  socket.destroy();
  listener.close();
  child.kill();
}

// --- a device of the package's parts ---------------------------------------------------------------

async function startServer(program) {
  const child = spawn(program, ['run', '--data', dir, '--port', '0', '--http-port', '0',
    '--trust-first-use', '--log-level', 'error'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const line = await new Promise((resolve) => child.stdout.once('data', resolve));
  return { child, port: JSON.parse(line.toString()).listening.device };
}

const unpad = (block) => block.subarray(block.indexOf(0, 2) + 1);

async function deviceHandshake(socket, serverKey, device) {
  const chunks = [];
  let wake = () => {};
  const onData = (data) => { chunks.push(data); wake(); };
  socket.on('data', onData);
  const read = async (n) => {
    while (Buffer.concat(chunks).length < n) await new Promise((resolve) => (wake = resolve));
    const all = Buffer.concat(chunks.splice(0));
    if (all.length > n) chunks.push(all.subarray(n));
    return all.subarray(0, n);
  };
  const nonce = await read(40);
  const der = device.publicKey.export({ type: 'spki', format: 'der' });
  const plain = Buffer.concat([nonce, Buffer.from(DEVICE, 'hex'), der]);
  assert.strictEqual(plain.length, 214);
  socket.write(crypto.publicEncrypt({ key: serverKey, padding: crypto.constants.RSA_PKCS1_PADDING }, plain));
  const answer = await read(384);
  const sealed = answer.subarray(0, 128);
  // node refuses PKCS#1 decryption by name: the block is taken apart here
  const session = unpad(crypto.privateDecrypt(
    { key: device.privateKey, padding: crypto.constants.RSA_NO_PADDING }, sealed));
  assert.strictEqual(session.length, 40);
  const hmac = crypto.createHmac('sha1', session).update(sealed).digest();
  const signed = crypto.publicDecrypt(
    { key: serverKey, padding: crypto.constants.RSA_PKCS1_PADDING }, answer.subarray(128));
  assert.deepStrictEqual(signed, hmac);
  socket.removeListener('data', onData);
  return session;
}

async function packageDevice(program) {
  const { child, port } = await startServer(program);
  const device = crypto.generateKeyPairSync('rsa', { modulusLength: 1024 });
  const serverKey = crypto.createPublicKey(fs.readFileSync(path.join(dir, 'server.key.pem')));
  const socket = net.connect(port, '127.0.0.1');
  let session;
  await check('our server: handshake with a device in JavaScript', async () => {
    session = await deviceHandshake(socket, serverKey, device);
  });
  if (!session) return child.kill();
  const options = { key: session.subarray(0, 16), iv: session.subarray(16, 32), getDeviceId: () => DEVICE };
  const decipher = new CryptoStream({ ...options, streamType: 'decrypt' });
  const cipher = new CryptoStream({ ...options, streamType: 'encrypt' });
  socket.pipe(new ChunkingStream({ outgoing: false })).pipe(decipher);
  cipher.pipe(new ChunkingStream({ outgoing: true })).pipe(socket);
  const next = inbox(decipher);
  const send = (...args) => cipher.write(CoapMessages.wrap(...args));
  await check('our server: hello for hello', async () => {
    send('Hello', 101, null, null, Buffer.from('0006ffff00060006', 'hex'));
    await next('hello', isRequest('Hello'));
  });
  await check('our server: time', async () => {
    send('GetTime', 102, null, null, null, 9);
    const answer = await next('time', hasToken(9));
    const seconds = CoapMessages.fromBinary(answer.payload, 'uint32');
    assert.ok(Math.abs(seconds - Date.now() / 1000) < 30, String(seconds));
  });
  await check('our server: asks for the description', async () => {
    const ask = await next('describe', isRequest('Describe'));
    send('DescribeReturn', ask.messageId, null, null,
      Buffer.from('{"f":["brew"],"v":{"temp":9},"p":6,"m":[]}'), ask.token[0]);
  });
  const control = net.connect(path.join(dir, 'control.sock'));
  const ask = (request) => new Promise((resolve) => {
    control.once('data', (line) => resolve(JSON.parse(line.toString())));
    control.write(`${JSON.stringify({ id: 1, device: DEVICE, ...request })}\n`);
  });
  await check('our server: calls a function', async () => {
    const answer = ask({ cmd: 'call', name: 'brew', arg: 'coffee' });
    const call = await next('call', isRequest('FunctionCall'));
    assert.strictEqual(path_of(call), '/f/brew');
    assert.strictEqual(CoapMessages.getUriQuery(call), 'coffee');
    const value = Buffer.alloc(4);
    value.writeInt32BE(42);
    send('FunctionReturn', 103, null, null, value, call.token[0]);
    assert.strictEqual((await answer).return_value, 42);
  });
  await check('our server: reads a variable', async () => {
    const answer = ask({ cmd: 'get', name: 'temp' });
    const get = await next('get', isRequest('VariableRequest'));
    assert.strictEqual(path_of(get), '/v/temp');
    const value = Buffer.alloc(8);
    value.writeDoubleLE(21.5);
    send('VariableValue', get.messageId, null, null, value, get.token[0]);
    assert.strictEqual((await answer).value, 21.5);
  });
  await check('our server: acknowledges events and pings', async () => {
    send('PrivateEvent', 104, { event_name: 'temp' }, null, Buffer.from('21.5'));
    await next('event ack', (p) => p.ack && p.messageId === 104);
    send('Ping', 105, null, null, null);
    await next('pong', (p) => p.ack && p.messageId === 105);
  });
  socket.destroy();
  control.destroy();
  child.kill();
}

const [mode, program] = process.argv.slice(2);
(mode === 'server' ? packageServer : packageDevice)(program).finally(() => {
  fs.rmSync(dir, { recursive: true, force: true });
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed || !passed ? 1 : 0);
});
