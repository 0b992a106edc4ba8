// Checks every publishable package as users will get it: publint, and the types as TypeScript resolves them (attw).
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const packages = readdirSync(join(root, 'packages'))
const folder = mkdtempSync(join(tmpdir(), 'perstream-packed-'))
let failed = false

/** Runs a tool; shows what it printed only when it failed. */
function check(name, command, args, cwd) {
  try {
    execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    console.log(`ok      ${name}`)
  } catch (error) {
    failed = true
    console.log(`FAILED  ${name}\n${error.stdout}${error.stderr}`)
  }
}

try {
  for (const name of packages) {
    const cwd = join(root, 'packages', name)
    const packed = JSON.parse(
      execFileSync('pnpm', ['pack', '--json', '--pack-destination', folder], { cwd, encoding: 'utf8' }),
    )
    check(`${name}: publint`, 'publint', ['run', packed.filename, '--strict'], cwd)
    // node10 ignores "exports" altogether; subpaths cannot be had there, and Node 20 never resolves that way.
    const { exports } = JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8'))
    const profile = JSON.stringify(exports).includes('"require"') ? 'node16' : 'esm-only'
    check(`${name}: types`, 'attw', [packed.filename, '--profile', profile], cwd)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exitCode = failed ? 1 : 0
