import {defineConfig} from 'drizzle-kit';

export default defineConfig({dialect: 'sqlite', schema: './source/store/sqlite/schema.ts', out: './drizzle/sqlite'});
