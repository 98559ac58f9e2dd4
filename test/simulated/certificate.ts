// A self-signed certificate for a loopback server, written as DER by hand: node:crypto makes keys and
// signatures but no certificates, and neither the openssl program nor a package should be needed for so little.
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

export interface Certificate {
  /** PEM; it is its own authority, so clients verify against this same text. */
  readonly cert: string;
  readonly key: string;
}

const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OBJECT_ID = 0x06;
const UTF8 = 0x0c;
const UTC_TIME = 0x17;
const TRUE = Buffer.from([0x01, 0x01, 0xff]);

const ECDSA_SHA256 = '2a8648ce3d040302';
const COMMON_NAME = '550403';
const BASIC_CONSTRAINTS = '551d13';
const KEY_USAGE = '551d0f';
const EXTENDED_KEY_USAGE = '551d25';
const SUBJECT_ALT_NAME = '551d11';
const SERVER_AUTH = '2b06010505070301';
const CLIENT_AUTH = '2b06010505070302';

export interface CertificateUse {
  /** DNS names; by default `localhost`. */
  readonly names?: readonly string[];
  /** Who shows it. */
  readonly by?: 'server' | 'client';
}

export function createCertificate(name: string, use: CertificateUse = {}): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = der(SEQUENCE, objectId(ECDSA_SHA256));
  const subject = der(
    SEQUENCE,
    der(SET, der(SEQUENCE, objectId(COMMON_NAME), der(UTF8, Buffer.from(name)))),
  );
  const day = 86_400_000;
  const now = Date.now();
  const validity = der(SEQUENCE, utcTime(now - day), utcTime(now + 3650 * day));
  const body = der(
    SEQUENCE,
    der(0xa0, der(INTEGER, Buffer.from([2]))),
    der(INTEGER, Buffer.concat([Buffer.from([0x01]), randomBytes(15)])),
    algorithm,
    subject,
    validity,
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(SEQUENCE, ...extensions(use))),
  );
  const signature = sign('sha256', body, privateKey);
  const whole = der(SEQUENCE, body, algorithm, der(BIT_STRING, Buffer.from([0]), signature));
  return { cert: pem(whole), key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

function extensions({ names = ['localhost'], by = 'server' }: CertificateUse): Buffer[] {
  const dns = names.map((name) => der(0x82, Buffer.from(name)));
  const purpose = objectId(by === 'server' ? SERVER_AUTH : CLIENT_AUTH);
  const loopback = der(0x87, Buffer.from([127, 0, 0, 1]));
  // Bits 0 and 5: digitalSignature and keyCertSign, since the certificate is leaf and authority at once.
  const usage = der(BIT_STRING, Buffer.from([2, 0x84]));
  return [
    extension(BASIC_CONSTRAINTS, der(SEQUENCE, TRUE), true),
    extension(KEY_USAGE, usage, true),
    extension(EXTENDED_KEY_USAGE, der(SEQUENCE, purpose), false),
    extension(SUBJECT_ALT_NAME, der(SEQUENCE, ...dns, loopback), false),
  ];
}

function extension(id: string, value: Buffer, critical: boolean): Buffer {
  const parts = critical ? [objectId(id), TRUE] : [objectId(id)];
  return der(SEQUENCE, ...parts, der(OCTET_STRING, value));
}

function objectId(hex: string): Buffer {
  return der(OBJECT_ID, Buffer.from(hex, 'hex'));
}

function utcTime(at: number): Buffer {
  const text = new Date(at).toISOString().replace(/[-:T]/g, '').slice(2, 14);
  return der(UTC_TIME, Buffer.from(`${text}Z`));
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  const size =
    content.length < 0x100 ? [content.length] : [content.length >> 8, content.length & 0xff];
  return Buffer.concat([Buffer.from([tag, 0x80 | size.length, ...size]), content]);
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
