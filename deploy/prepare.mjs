// npm runs this after an install. The build needs development packages: an install without them (`npm ci --omit=dev`)
// cannot build, and must not fail for that.
import { execSync } from 'node:child_process';

if (hasBuilder()) execSync('npm run --silent build', { stdio: 'inherit' });
else console.error('idv-dropoff: installed without development packages: nothing is built');

function hasBuilder() {
  try {
    import.meta.resolve('esbuild');
    return true;
  } catch {
    return false;
  }
}
