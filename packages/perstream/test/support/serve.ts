import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Serves one file on this machine to those who know the password; `live` without saying how long it is. */
export async function serve(
  path: string,
  password: string,
  { live = false } = {},
): Promise<AsyncDisposable & { readonly port: number }> {
  const bytes = readFileSync(path)
  const wanted = `Basic ${Buffer.from(password).toString('base64')}`
  const server = createServer((request, response) => {
    if (request.headers.authorization !== wanted) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="camera"' }).end()
      return
    }
    if (live) {
      response.writeHead(200, { 'content-type': 'video/mp2t' }).end(bytes)
      return
    }
    const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
    const range = { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}`, 'accept-ranges': 'bytes' }
    response.writeHead(206, { ...range, 'content-length': bytes.length - from, 'content-type': 'video/mp4' })
    response.end(bytes.subarray(from))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
