import { accessSync, readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { delimiter, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const types: Readonly<Record<string, string>> = {
  js: 'text/javascript',
  mjs: 'text/javascript',
  wasm: 'application/wasm',
}

/** Bundles pages and workers (the first is the page that opens) as a production build does, and serves them isolated, so that threads work. */
export async function servePages(
  files: Readonly<Record<string, Uint8Array>>,
  pages: readonly string[] = ['onnx-page', 'onnx-worker'],
): Promise<{ url: string; server: Server }> {
  const { outputFiles } = await build({
    entryPoints: pages.map((name) => fileURLToPath(new URL(`${name}.ts`, import.meta.url))),
    ...{ bundle: true, minify: true, write: false, format: 'esm', platform: 'browser', target: 'es2022' },
    ...{ outdir: '/', logLevel: 'error' },
  })
  const runtime = join(dirname(createRequire(import.meta.url).resolve('onnxruntime-web')))
  const find = async (path: string): Promise<Uint8Array | undefined> => {
    if (path === '/')
      return new TextEncoder().encode(`<!doctype html><script type="module" src="/${pages[0]}.js"></script>`)
    if (path === '/silent.js') return new TextEncoder().encode('// says nothing')
    if (path.startsWith('/ort/')) return readFile(join(runtime, path.slice(5))).catch(() => undefined)
    return files[path] ?? outputFiles.find((file) => file.path === path)?.contents
  }
  const server = createServer(async (request, response) => {
    const path = new URL(request.url!, 'http://localhost').pathname
    const contents = await find(path)
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin')
    response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp')
    response.setHeader(
      'content-type',
      path === '/' ? 'text/html' : (types[path.split('.').at(-1)!] ?? 'application/octet-stream'),
    )
    response.writeHead(contents ? 200 : 404).end(request.method === 'HEAD' ? undefined : contents)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server }
}

/** Every file of a folder, under a path of the server. */
export function filesOf(path: string, folder: string): Record<string, Uint8Array> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = entries.map((entry) => join(entry.parentPath, entry.name))
  return Object.fromEntries(paths.map((file) => [`${path}/${relative(folder, file)}`, readFileSync(file)]))
}

/** The Chromium on PATH. */
export function findChromium(): string | undefined {
  const names = ['chromium', 'chromium-browser', 'google-chrome']
  const paths = (process.env.PATH ?? '').split(delimiter).flatMap((path) => names.map((name) => join(path, name)))
  return paths.find((path) => {
    try {
      accessSync(path)
      return true
    } catch {
      return false
    }
  })
}
