// Adds up the test runner's own JSON reports of all packages.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

const shownLinesOfAFailure = 12

/** @returns {{ passed: number, failed: number, skipped: number, failures: string[], skippedNames: string[] }} */
export function countTests(root) {
  const count = { passed: 0, failed: 0, skipped: 0, failures: [], skippedNames: [] }
  for (const report of reports(root)) add(count, JSON.parse(readFileSync(report, 'utf8')), root)
  return count
}

/** What was skipped, what failed and how, and as the last line how many. */
export function formatCount({ passed, failed, skipped, failures, skippedNames }) {
  const skips = skippedNames.map((name) => `skipped: ${name}`)
  return [...skips, ...failures, `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`].join(
    '\n',
  )
}

function reports(root) {
  const folders = ['packages', 'examples', 'benchmarks'].flatMap((group) =>
    readdirSync(join(root, group)).map((name) => join(root, group, name)),
  )
  return [...folders, join(root, 'benchmarks')]
    .map((folder) => join(folder, '.vitest', 'report.json'))
    .filter(existsSync)
}

function add(count, report, root) {
  count.passed += report.numPassedTests
  count.failed += report.numFailedTests
  for (const file of report.testResults) {
    // A file that could not even be loaded has no failed test, but it has failed.
    const unloaded = file.status === 'failed' && file.assertionResults.length === 0
    if (unloaded) count.failed++
    if (unloaded) count.failures.push(failure(relative(root, file.name), file.message))
    for (const test of file.assertionResults)
      if (test.status === 'failed')
        count.failures.push(failure(`${relative(root, file.name)}: ${test.fullName}`, test.failureMessages.join('\n')))
      else if (test.status !== 'passed') {
        count.skipped++
        count.skippedNames.push(test.fullName)
      }
  }
}

function failure(name, message) {
  const lines = message.split('\n').slice(0, shownLinesOfAFailure)
  return [`failed: ${name}`, ...lines.map((line) => `  ${line}`)].join('\n')
}
