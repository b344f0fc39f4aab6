// Prints one last line, "N passed, N failed", from vitest's JSON report.
// Usage: node scripts/test-summary.mjs REPORT STATUS, where STATUS is the exit code of the run.
import { existsSync, readFileSync } from 'node:fs'

const [report = '', status = '0'] = process.argv.slice(2)

if (!existsSync(report)) {
  console.log('A step before the tests failed, so none was run.')
  console.log('0 passed, 1 failed')
  process.exit(1)
}

const result = JSON.parse(readFileSync(report, 'utf8'))
const passed = result.numPassedTests
// A file that cannot be loaded has no tests of its own: it counts as one that failed.
const brokenFiles = result.testResults.filter(
  (/** @type {{ status: string, assertionResults: unknown[] }} */ file) =>
    file.status === 'failed' && file.assertionResults.length === 0,
).length
const failed = Math.max(result.numFailedTests + brokenFiles, status === '0' ? 0 : 1)
const skipped = result.numPendingTests + result.numTodoTests
if (skipped > 0) console.log(`${skipped} were not run, because this machine lacks what they need.`)
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
