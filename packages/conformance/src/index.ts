export { answererContract } from './answerer'
export { type SpeakPolicyContractOptions, speakPolicyContract } from './speak-policy'
