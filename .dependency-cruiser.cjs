/** Imports point one way: spec <- kit <- stages <- umbrella. @type {import('dependency-cruiser').IConfiguration} */
const stages = ['video', 'gate', 'pmg', 'reduction', 'responder', 'dataset', 'train', 'eval']

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'spec-imports-nothing',
      severity: 'error',
      from: { path: '^packages/spec/src', pathNot: '\\.test\\.ts$' },
      to: { pathNot: '^packages/spec/src' },
    },
    {
      name: 'kit-imports-spec-only',
      severity: 'error',
      from: { path: '^packages/kit/src', pathNot: '\\.test\\.ts$' },
      to: { path: '^packages/', pathNot: '^packages/(kit|spec)/' },
    },
    ...stages.map((stage) => ({
      name: `stage-${stage}-stands-alone`,
      severity: 'error',
      from: { path: `^packages/${stage}/src`, pathNot: '\\.test\\.ts$' },
      to: { path: '^packages/', pathNot: `^packages/(${stage}|kit|spec)/` },
    })),
    {
      name: 'models-know-no-stage',
      severity: 'error',
      from: { path: '^packages/(onnx|backends|lite)/src', pathNot: '\\.test\\.ts$' },
      to: { path: `^packages/(${stages.join('|')}|perstream)/` },
    },
    {
      name: 'only-the-umbrella-knows-all',
      severity: 'error',
      from: { path: '^packages/', pathNot: '^packages/perstream/' },
      to: { path: '^packages/perstream/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|node_modules|generated)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types'] },
  },
}
