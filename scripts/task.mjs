// Runs one task of the checkout on a machine that has Node and npm only: installs what the lockfile names (through a pinned
// pnpm), builds what changed, and runs. `node scripts/task.mjs TASK [-- ARGUMENTS]`
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { countTests, formatCount } from './count-tests.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const pnpmVersion = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).devDependencies.pnpm
const env = {
  ...process.env,
  PATH: `${join(root, 'node_modules', '.bin')}${delimiter}${process.env.PATH ?? ''}`,
  TURBO_TELEMETRY_DISABLED: '1',
  DO_NOT_TRACK: '1',
}

/** Runs a command to its end; resolves with its exit code. */
function run(command, args) {
  const child = spawn(command, args, { cwd: root, env, stdio: 'inherit', shell: process.platform === 'win32' })
  const pass = () => {} // The child gets Ctrl-C from the terminal itself; this process waits for it.
  process.on('SIGINT', pass)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      process.off('SIGINT', pass)
      resolve(signal === 'SIGINT' ? 130 : (code ?? 1))
    })
  })
}

/** Runs commands in turn; throws the exit code of the first that fails. */
async function must(command, ...args) {
  const code = await run(command, args)
  if (code !== 0) process.exit(code)
}

async function install() {
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'pnpm-lock.yaml')))
    .update(readFileSync(join(root, 'package.json')))
    .digest('hex')
  const stamp = join(root, 'node_modules', '.perstream-installed')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  await must('npx', '-y', `pnpm@${pnpmVersion}`, 'install', '--frozen-lockfile')
  writeFileSync(stamp, wanted)
}

const turbo = (...args) => must('turbo', 'run', ...args, '--output-logs=new-only', '--concurrency=2')

const tasks = {
  build: () => turbo('build'),
  async test() {
    const code = await run('turbo', ['run', 'build', 'test', '--output-logs=full', '--concurrency=2', '--continue'])
    const count = countTests(root)
    console.log(formatCount(count))
    return code !== 0 || count.failed > 0 || count.passed === 0 ? code || 1 : 0
  },
  async lint() {
    await must('biome', 'check', '.')
    await turbo('build', 'typecheck')
    await must('depcruise', '--config', '.dependency-cruiser.cjs', 'packages', 'examples', 'benchmarks')
    await must('knip')
    await must('node', 'scripts/check-packages.mjs')
  },
  async demo(args) {
    await turbo('build', '--filter=@perstream-examples/demo...')
    return run('node', ['examples/demo/bin/demo.js', ...args])
  },
  async bench([name, ...args]) {
    await turbo('build')
    const own = `benchmarks/${name}/src/${name}.ts` // A package of its own, or a file of the suite.
    return run('tsx', [existsSync(join(root, own)) ? own : `benchmarks/src/${name}.ts`, ...args])
  },
}

const [name, ...args] = process.argv.slice(2)
const task = tasks[name]
if (!task) {
  console.error(`There is no task "${name}". Tasks: ${Object.keys(tasks).join(', ')}.`)
  process.exit(2)
}
await install()
process.exitCode = (await task(args)) ?? 0
