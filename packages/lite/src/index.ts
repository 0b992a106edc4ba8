export { createUseLiteEncoder, type UseLiteOptions } from './use-lite'
