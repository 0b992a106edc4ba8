// Adds up the test runner's own JSON reports of all packages.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** @returns {{ passed: number, failed: number, skipped: number, skippedNames: string[] }} */
export function countTests(root) {
  const count = { passed: 0, failed: 0, skipped: 0, skippedNames: [] }
  for (const report of reports(root)) add(count, JSON.parse(readFileSync(report, 'utf8')))
  return count
}

export function formatCount({ passed, failed, skipped, skippedNames }) {
  const skips = skippedNames.map((name) => `skipped: ${name}`)
  return [...skips, `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`].join('\n')
}

function reports(root) {
  const folders = ['packages', 'examples'].flatMap((group) =>
    readdirSync(join(root, group)).map((name) => join(root, group, name)),
  )
  return [...folders, join(root, 'benchmarks')]
    .map((folder) => join(folder, '.vitest', 'report.json'))
    .filter(existsSync)
}

function add(count, report) {
  count.passed += report.numPassedTests
  count.failed += report.numFailedTests
  // A file that could not even be loaded has no failed test, but it has failed.
  count.failed += report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  ).length
  for (const file of report.testResults)
    for (const test of file.assertionResults)
      if (test.status !== 'passed' && test.status !== 'failed') {
        count.skipped++
        count.skippedNames.push(test.fullName)
      }
}
