/**
 * Builds the lab's `NVIDIA-Linux-x86_64-VERSION.run`: a real self-extracting archive around the installer
 * stand-in.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { cudaLibrary } from './cuda-library.ts'
import { sharedLibrary } from './elf.ts'
import { type FileType, type PackageFile, manifestText, soname } from './manifest.ts'

/** Where drivers put libraries on Debian. */
const libraries = '/usr/lib/x86_64-linux-gnu'

/** Writes the .run of `version` to `outFile`, executable. The same version gives the same bytes. */
export async function buildRunfile(version: string, outFile: string): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'gpuplay-runfile-'))
  try {
    for (const { name, mode, content } of packageContents(version)) {
      await writeFile(join(directory, name), content)
      await chmod(join(directory, name), mode)
    }
    const tar = [
      '--create',
      '--sort=name',
      '--mtime=@0',
      '--owner=0',
      '--group=0',
      '--numeric-owner',
      '-C',
      directory,
      '.',
    ]
    const { stdout } = await promisify(execFile)('tar', tar, { encoding: 'buffer', maxBuffer: 1 << 26 })
    await writeFile(
      outFile,
      selfExtracting(await readFile(join(import.meta.dirname, 'runfile-header.sh'), 'utf8'), version, stdout),
      {
        mode: 0o755,
      },
    )
    await chmod(outFile, 0o755)
  } finally {
    await rm(directory, { recursive: true })
  }
}

function selfExtracting(template: string, version: string, tar: Buffer): Buffer {
  const payload = gzipSync(tar, { level: 9 })
  // gzip's header contains a number for the operating system of this machine
  payload[9] = 255
  const fields = {
    VERSION: version,
    MD5: createHash('md5').update(payload).digest('hex'),
    SIZE: String(tar.length),
  }
  const filled = Object.entries(fields).reduce(
    (text, [name, value]) => text.replaceAll(`@${name}@`, value),
    template,
  )
  // the header contains its own length, with as many digits as its placeholder
  const digits = '@SKIP@'.length
  const header = filled.replace('@SKIP@', String(Buffer.byteLength(filled)).padStart(digits))
  return Buffer.concat([Buffer.from(header), payload])
}

interface Content {
  readonly name: string
  readonly mode: number
  readonly content: string | Buffer
}

function packageContents(version: string): readonly Content[] {
  const program = (name: string, mainFile: string, own: string): Content => ({
    name,
    mode: 0o755,
    content: `#!/bin/sh\nexec /usr/lib/lab/node /usr/lib/lab/js/test/lab/nvidia/${mainFile}.js ${own}"$@"\n`,
  })
  const library = (name: string, type: FileType): readonly [Content, PackageFile] => {
    const file = `${name}.so.${version}`
    return [
      {
        name: file,
        mode: 0o755,
        content: name === 'libcuda' ? cudaLibrary(version) : sharedLibrary(soname(name)),
      },
      { name: file, mode: 0o755, type, destination: `${libraries}/${file}` },
    ]
  }
  const shared = [
    ...[
      'libcuda',
      'libnvidia-ml',
      'libnvidia-ptxjitcompiler',
      'libnvidia-nvvm',
      'libnvcuvid',
      'libnvidia-encode',
      'libnvidia-opencl',
    ].map((name) => library(name, 'cuda')),
    ...['libGLX_nvidia', 'libEGL_nvidia', 'libnvidia-glcore', 'libnvidia-eglcore'].map((name) =>
      library(name, 'opengl'),
    ),
  ]
  const programs = [
    program('nvidia-smi', 'smi', `--lab-version=${version} `),
    program('nvidia-modprobe', 'nvidia-modprobe', ''),
    { name: 'nvidia-persistenced', mode: 0o755, content: persistenceDaemon },
    { name: 'nvidia-suspend.service', mode: 0o644, content: suspendUnit },
    { name: 'gsp_ga10x.bin', mode: 0o644, content: 'firmware\n' },
  ]
  const files: readonly PackageFile[] = [
    { name: 'nvidia-smi', mode: 0o755, type: 'utility', destination: '/usr/bin/nvidia-smi' },
    {
      name: 'nvidia-persistenced',
      mode: 0o755,
      type: 'utility',
      destination: '/usr/bin/nvidia-persistenced',
    },
    { name: 'nvidia-modprobe', mode: 0o755, type: 'modprobe', destination: '/usr/bin/nvidia-modprobe' },
    {
      name: 'nvidia-suspend.service',
      mode: 0o644,
      type: 'systemd',
      destination: '/usr/lib/systemd/system/nvidia-suspend.service',
    },
    {
      name: 'gsp_ga10x.bin',
      mode: 0o644,
      type: 'firmware',
      destination: `/usr/lib/firmware/nvidia/${version}/gsp_ga10x.bin`,
    },
    ...shared.map(([, file]) => file),
  ]
  return [
    ...programs,
    ...shared.map(([content]) => content),
    program('nvidia-installer', 'installer', `${version} "$0" `),
    { name: '.manifest', mode: 0o644, content: manifestText({ version, files }) },
  ]
}

const suspendUnit = `[Unit]
Description=NVIDIA system suspend actions
Before=systemd-suspend.service

[Service]
Type=oneshot
ExecStart=/bin/true

[Install]
WantedBy=systemd-suspend.service
`

/** The kernel stand-in counts a process of this name as a user of the module. */
const persistenceDaemon = `#!/bin/sh
# Stand-in of nvidia-persistenced: opens the cards once and stays.
for option; do
	case $option in
	-v | --version)
		echo 'nvidia-persistenced:  version 1'
		exit 0
		;;
	esac
done
/usr/bin/nvidia-smi -L >/dev/null 2>&1
if [ ! -c /dev/nvidiactl ]; then
	echo 'nvidia-persistenced failed to initialize. Check syslog for more details.' >&2
	exit 1
fi
mkdir -p /run/nvidia-persistenced
(
	recount='/usr/lib/lab/run nvidia/kmod recount'
	# It becomes the program that counts again, which is no user of the modules.
	trap 'rm -rf /run/nvidia-persistenced; exec $recount' TERM INT
	sleep 0.1
	$recount
	while :; do
		sleep 3600 &
		wait $!
	done
) </dev/null >/dev/null 2>&1 &
echo $! >/run/nvidia-persistenced/nvidia-persistenced.pid
`
