/** A proxy for HTTP and HTTPS on a node, at port 3128. It logs each request to /run/proxy.log. */
import type { LabNode } from '../../lab/host.ts'

const program = `const net = require('net'), http = require('http'), fs = require('fs')
  const log = (line) => fs.appendFileSync('/run/proxy.log', line + '\\n')
  const proxy = http.createServer((from, to) => {
    log('GET ' + from.url)
    const { host, pathname, search } = new URL(from.url)
    http.request({ host, path: pathname + search, headers: from.headers, method: from.method }, (answer) => {
      to.writeHead(answer.statusCode, answer.headers); answer.pipe(to)
    }).on('error', () => to.destroy()).end()
  })
  proxy.on('connect', ({ url }, client) => {
    log('CONNECT ' + url)
    const [host, port] = url.split(':')
    const server = net.connect(Number(port), host, () => { client.write('HTTP/1.1 200 OK\\r\\n\\r\\n'); server.pipe(client); client.pipe(server) })
    server.on('error', () => client.destroy()); client.on('error', () => server.destroy())
  })
  proxy.listen(3128, '0.0.0.0')`

export async function startProxy(node: LabNode): Promise<void> {
  await node.output('cat >/root/proxy.js', { input: program })
  await node.output('systemd-run --quiet --unit proxy /usr/lib/lab/node /root/proxy.js; sleep 1')
}
