export { type TextReaderContractOptions, textReaderContract } from './text-reader-contract'
