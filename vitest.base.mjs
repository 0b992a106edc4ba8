/**
 * The settings every package tests with: a readable report, and a JSON one that the closing count is made from.
 * @type {import('vitest/config').ViteUserConfig}
 */
export const baseConfig = {
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    reporters: ['default', 'json'],
    outputFile: { json: '.vitest/report.json' },
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
}
