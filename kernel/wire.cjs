// Jupyter's messages as they travel: parts signed with the connection's key, behind the addresses of who asked.
const { createHmac, randomUUID, timingSafeEqual } = require('node:crypto');

const DELIMITER = '<IDS|MSG>';
/** Of the messaging protocol, docs at jupyter-client.readthedocs.io. */
const PROTOCOL_VERSION = '5.3';

/**
 * @returns a signed message, or undefined: what is not signed with the connection's key, or is no message, is not from
 * Jupyter
 */
function parseMessage(frames, key) {
  const at = frames.findIndex((frame) => frame.toString() === DELIMITER);
  if (at < 0 || frames.length < at + 6) return undefined;
  const [signature, ...parts] = frames.slice(at + 1);
  const expected = Buffer.from(sign(parts, key));
  if (key && !(signature.length === expected.length && timingSafeEqual(signature, expected))) return undefined;
  try {
    const [header, , , content] = parts.map((part) => JSON.parse(part.toString()));
    return { type: header.msg_type, header, content, identity: frames.slice(0, at) };
  } catch {
    return undefined;
  }
}

/** The frames of a message about `parent`, without addresses. */
function buildMessage(type, content, parent, key) {
  const header = {
    ...parent.header,
    version: PROTOCOL_VERSION,
    msg_id: randomUUID(),
    msg_type: type,
    date: new Date().toISOString(),
  };
  const parts = [header, parent.header, {}, content].map((part) => Buffer.from(JSON.stringify(part)));
  return [DELIMITER, key ? sign(parts, key) : '', ...parts];
}

/** The frames of an answer, addressed to who asked. */
function buildReply(request, content, key) {
  const type = request.type.replace('_request', '_reply');
  return [...request.identity, ...buildMessage(type, content, request, key)];
}

function sign(parts, key) {
  const hash = createHmac('sha256', key);
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

module.exports = { PROTOCOL_VERSION, buildMessage, buildReply, parseMessage };
