export default { test: { include: ['**/*.test.ts'], reporters: ['default'] } }
