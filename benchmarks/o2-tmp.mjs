import { createMemoryGraph } from '@perstream/pmg'
import { openFileStore } from '@perstream/pmg/files'
for (let k=0;k<4;k++){
let t=performance.now(); const store=await openFileStore('/tmp/o100k',{mode:'read'}); const t1=performance.now(); 
const i=await store.readIndex(); const t2=performance.now(); let n=0; for await (const b of i.embeddings()) n+=b.keys.length; const t3=performance.now(); await i[Symbol.asyncDispose]();
const t4=performance.now(); const g=await createMemoryGraph({store}); const t5=performance.now();
console.log('store',(t1-t).toFixed(0),'index',(t2-t1).toFixed(0),'embeddings',(t3-t2).toFixed(0),n,'graph',(t5-t4).toFixed(0)); await g[Symbol.asyncDispose](); await store[Symbol.asyncDispose]() }
