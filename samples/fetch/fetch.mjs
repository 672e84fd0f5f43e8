// wget and curl for machines and images that have none: fetch.mjs wget|curl ARGS… with the options people use in examples.
import { createWriteStream, readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { basename } from 'node:path';

const [tool, ...args] = process.argv.slice(2);
const maxRedirects = 20;

function fail(code, message) {
  process.stderr.write(`${tool}: ${message}\n`);
  process.exit(code);
}

/** Turns `-qO- --header=x url` into a list of [option, value] pairs and urls. */
function readOptions(spec, argv) {
  const options = [];
  const urls = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i];
    if (word.startsWith('--')) {
      const [name, inline] = word.includes('=')
        ? [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]
        : [word];
      if (!(name in spec)) fail(2, `unrecognized option '${word}'`);
      options.push([spec[name].name, spec[name].value ? (inline ?? argv[++i]) : undefined]);
    } else if (word.startsWith('-') && word.length > 1) {
      for (let at = 1; at < word.length; at++) {
        const name = `-${word[at]}`;
        if (!(name in spec)) fail(2, `unrecognized option '${name}'`);
        if (!spec[name].value) options.push([spec[name].name]);
        else {
          options.push([spec[name].name, word.slice(at + 1) || argv[++i]]);
          break;
        }
      }
    } else urls.push(word);
  }
  return { options, urls };
}

const flag = (name) => ({ name, value: false });
const valued = (name) => ({ name, value: true });
const wgetOptions = {
  '-q': flag('quiet'),
  '--quiet': flag('quiet'),
  '-S': flag('headers'),
  '--server-response': flag('headers'),
  '--spider': flag('head'),
  '--no-check-certificate': flag('insecure'),
  '-c': flag('ignored'),
  '-O': valued('output'),
  '-T': valued('timeout'),
  '--timeout': valued('timeout'),
  '-t': valued('tries'),
  '--tries': valued('tries'),
  '--header': valued('header'),
  '--post-data': valued('data'),
  '--post-file': valued('dataFile'),
  '-U': valued('agent'),
  '--user-agent': valued('agent'),
  '-Y': valued('ignored'),
};
const curlOptions = {
  '-s': flag('quiet'),
  '--silent': flag('quiet'),
  '-S': flag('showError'),
  '--show-error': flag('showError'),
  '-v': flag('verbose'),
  '--verbose': flag('verbose'),
  '-i': flag('include'),
  '--include': flag('include'),
  '-I': flag('head'),
  '--head': flag('head'),
  '-L': flag('follow'),
  '--location': flag('follow'),
  '-k': flag('insecure'),
  '--insecure': flag('insecure'),
  '-f': flag('failFast'),
  '--fail': flag('failFast'),
  '-g': flag('ignored'),
  '-N': flag('ignored'),
  '-o': valued('output'),
  '--output': valued('output'),
  '-w': valued('format'),
  '--write-out': valued('format'),
  '-H': valued('header'),
  '--header': valued('header'),
  '-X': valued('method'),
  '--request': valued('method'),
  '-d': valued('data'),
  '--data': valued('data'),
  '--data-raw': valued('data'),
  '--data-binary': valued('data'),
  '-m': valued('timeout'),
  '--max-time': valued('timeout'),
  '--connect-timeout': valued('timeout'),
  '-A': valued('agent'),
  '--user-agent': valued('agent'),
  '-u': valued('user'),
  '--user': valued('user'),
  '-b': valued('cookie'),
  '--cookie': valued('cookie'),
  '--retry': valued('tries'),
  '--http1.1': flag('ignored'),
};

function settings(list) {
  const out = { headers: {}, data: [], tries: 1 };
  for (const [name, value] of list) {
    if (name === 'header') {
      const colon = value.indexOf(':');
      if (colon > 0) out.headers[value.slice(0, colon).trim().toLowerCase()] = value.slice(colon + 1).trim();
    } else if (name === 'data')
      out.data.push(value.startsWith('@') && tool === 'curl' ? readFileSync(value.slice(1), 'utf8') : value);
    else if (name === 'dataFile') out.data.push(readFileSync(value, 'utf8'));
    else if (name === 'agent') out.headers['user-agent'] = value;
    else if (name === 'cookie') out.headers['cookie'] = value;
    else if (name === 'user') out.headers['authorization'] = `Basic ${Buffer.from(value).toString('base64')}`;
    else out[name] = value ?? true;
  }
  return out;
}

function get(url, options, redirects = 0) {
  return new Promise((resolve, reject) => {
    const secure = url.protocol === 'https:';
    const body = options.data.length > 0 ? options.data.join('&') : undefined;
    const method = options.method ?? (options.head ? 'HEAD' : body === undefined ? 'GET' : 'POST');
    const headers = {
      'user-agent': tool === 'wget' ? 'Wget' : 'curl/8.0',
      accept: '*/*',
      ...options.headers,
    };
    if (body !== undefined) {
      headers['content-type'] ??= 'application/x-www-form-urlencoded';
      headers['content-length'] = Buffer.byteLength(body);
    }
    const send = secure ? httpsRequest : httpRequest;
    const outgoing = send(url, { method, headers, agent: false, rejectUnauthorized: !options.insecure });
    const timer =
      options.timeout &&
      setTimeout(() => outgoing.destroy(new Error('timed out')), Number(options.timeout) * 1000);
    if (options.verbose)
      process.stderr.write(`> ${method} ${url.pathname}${url.search} HTTP/1.1\n> Host: ${url.host}\n>\n`);
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      const { location } = response.headers;
      const moved = response.statusCode >= 300 && response.statusCode < 400 && location !== undefined;
      if (moved && (options.follow || tool === 'wget') && redirects < maxRedirects) {
        response.resume();
        clearTimeout(timer);
        resolve(get(new URL(location, url), options, redirects + 1));
      } else resolve({ response, timer });
    });
    outgoing.end(body);
  });
}

function headLines(response, prefix = '') {
  const lines = [`${prefix}HTTP/${response.httpVersion} ${response.statusCode} ${response.statusMessage}`];
  for (let i = 0; i < response.rawHeaders.length; i += 2)
    lines.push(`${prefix}${response.rawHeaders[i]}: ${response.rawHeaders[i + 1]}`);
  return lines;
}

function formatted(template, values) {
  const text = template.replaceAll('\\n', '\n').replaceAll('\\t', '\t').replaceAll('\\r', '\r');
  return text.replace(/%\{(\w+)\}/g, (_, name) => String(values[name] ?? ''));
}

function exitCode(error) {
  if (/timed out/.test(error.message)) return tool === 'curl' ? 28 : 4;
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN') return tool === 'curl' ? 6 : 4;
  if (error.code === 'ECONNREFUSED') return tool === 'curl' ? 7 : 4;
  return tool === 'curl' ? 56 : 4;
}

async function fetchOne(text, options) {
  const url = new URL(/^https?:\/\//.test(text) ? text : `http://${text}`);
  const started = performance.now();
  const { response, timer } = await get(url, options);
  const failed = response.statusCode >= 400;
  if (tool === 'wget' && options.headersShown)
    process.stderr.write(headLines(response, '  ').join('\n') + '\n');
  if (options.verbose) process.stderr.write(headLines(response, '< ').join('\n') + '\n<\n');
  if (failed && (tool === 'wget' || options.failFast)) {
    response.destroy();
    const message =
      tool === 'wget'
        ? `server returned error: HTTP/${response.httpVersion} ${response.statusCode} ${response.statusMessage}`
        : `(22) The requested URL returned error: ${response.statusCode}`;
    if (options.format) process.stdout.write(formatted(options.format, { http_code: response.statusCode }));
    return fail(tool === 'wget' ? 8 : 22, message);
  }
  const target = options.output ?? (tool === 'wget' ? basename(url.pathname) || 'index.html' : '-');
  const out = target === '-' ? process.stdout : createWriteStream(target);
  if (options.include || (options.head && tool === 'curl'))
    out.write(headLines(response).join('\r\n') + '\r\n\r\n');
  let size = 0;
  for await (const chunk of response) {
    size += chunk.length;
    if (!out.write(chunk)) await new Promise((resolve) => out.once('drain', resolve));
  }
  clearTimeout(timer);
  if (out !== process.stdout) await new Promise((resolve) => out.end(resolve));
  if (options.format) {
    const values = {
      http_code: String(response.statusCode).padStart(3, '0'),
      response_code: response.statusCode,
      size_download: size,
      time_total: ((performance.now() - started) / 1000).toFixed(6),
      url_effective: url.href,
      remote_ip: response.socket?.remoteAddress,
    };
    process.stdout.write(formatted(options.format, values));
  }
}

if (tool !== 'wget' && tool !== 'curl') fail(2, 'the first argument is wget or curl');
const { options: list, urls } = readOptions(tool === 'wget' ? wgetOptions : curlOptions, args);
if (urls.length === 0) fail(2, 'missing URL');
const shown = list.some(([name]) => name === 'headers');
const options = { ...settings(list.filter(([name]) => name !== 'headers')), headersShown: shown };

for (const url of urls) {
  for (let attempt = 1; ; attempt++) {
    try {
      await fetchOne(url, options);
      break;
    } catch (error) {
      if (attempt < Number(options.tries)) continue;
      if (options.format) process.stdout.write(formatted(options.format, { http_code: '000' }));
      if (options.quiet && !options.showError) process.exit(exitCode(error));
      fail(exitCode(error), error.message || error.code);
    }
  }
}
