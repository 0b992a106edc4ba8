export { type RememberGateFixture, rememberGateContract } from './gate'
export { type TextEncoderContractOptions, textEncoderContract } from './text-encoder'
