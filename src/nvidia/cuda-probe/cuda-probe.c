/*
 * Computes on every GPU that CUDA shows: a context, 64 KiB copied to the GPU and back, and compared.
 *
 * It is linked to libcuda.so.1 alone and makes its own system calls, so that it runs with every version of
 * glibc. The functions of CUDA and their numbers are those of the driver API (cuda.h); all of them have been
 * in libcuda since CUDA 4.
 *
 * Output, a line each:
 *   init RESULT                 the CUresult of cuInit; the rest follows only if it is 0
 *   count RESULT NUMBER         the CUresult of cuDeviceGetCount and the number of GPUs
 *   gpu ADDRESS STEP RESULT     the step that failed on this GPU and its CUresult, or `done 0`
 * STEP: device, address, context, allocate, upload, download, compare, free, destroy, done.
 * Exit status: 0 if every step succeeded, 1 otherwise.
 */
typedef unsigned int u32;
typedef unsigned long u64;

extern int cuInit(u32 flags);
extern int cuDeviceGetCount(int *count);
extern int cuDeviceGet(int *device, int ordinal);
extern int cuDeviceGetPCIBusId(char *address, int size, int device);
extern int cuCtxCreate_v2(void **context, u32 flags, int device);
extern int cuCtxDestroy_v2(void *context);
extern int cuMemAlloc_v2(u64 *pointer, u64 size);
extern int cuMemFree_v2(u64 pointer);
extern int cuMemcpyHtoD_v2(u64 to, const void *from, u64 size);
extern int cuMemcpyDtoH_v2(void *to, u64 from, u64 size);

#define WORDS 8192
static u64 sent[WORDS], received[WORDS];

static long system_call(long number, long first, long second, long third) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(first), "S"(second), "d"(third) : "rcx", "r11", "memory");
  return result;
}

static void put(const char *text) {
  u64 length = 0;
  while (text[length]) length++;
  while (length > 0) {
    long written = system_call(1 /* write */, 1, (long)text, (long)length);
    if (written <= 0) return;
    text += written;
    length -= (u64)written;
  }
}

static void put_number(int value) {
  char digits[12];
  int at = 11;
  u32 rest = value < 0 ? 0u - (u32)value : (u32)value;
  digits[at] = 0;
  do digits[--at] = (char)('0' + rest % 10); while ((rest /= 10) > 0);
  if (value < 0) digits[--at] = '-';
  put(digits + at);
}

/* Always returns a result other than 0 after a failed step, and names the step. */
static int compute(int ordinal, const char **step, char *address) {
  int device, result, failed;
  void *context;
  u64 memory;
  *step = "device";
  if ((result = cuDeviceGet(&device, ordinal))) return result;
  *step = "address";
  if ((result = cuDeviceGetPCIBusId(address, 32, device))) return result;
  *step = "context";
  if ((result = cuCtxCreate_v2(&context, 0, device))) return result;
  *step = "allocate";
  if (!(result = cuMemAlloc_v2(&memory, sizeof sent))) {
    for (u32 i = 0; i < WORDS; i++) {
      sent[i] = (i + 1) * 0x9e3779b97f4a7c15ul;
      received[i] = 0;
    }
    *step = "upload";
    if (!(result = cuMemcpyHtoD_v2(memory, sent, sizeof sent))) {
      *step = "download";
      if (!(result = cuMemcpyDtoH_v2(received, memory, sizeof sent))) {
        *step = "compare";
        for (u32 i = 0; i < WORDS; i++)
          if (received[i] != sent[i]) result = -1;
      }
    }
    failed = cuMemFree_v2(memory);
    if (!result && failed) {
      *step = "free";
      result = failed;
    }
  }
  failed = cuCtxDestroy_v2(context);
  if (!result && failed) {
    *step = "destroy";
    result = failed;
  }
  if (!result) *step = "done";
  return result;
}

static int run(void) {
  int count = 0, wrong = 0;
  int result = cuInit(0);
  put("init ");
  put_number(result);
  put("\n");
  if (result) return 1;
  result = cuDeviceGetCount(&count);
  put("count ");
  put_number(result);
  put(" ");
  put_number(count);
  put("\n");
  if (result) return 1;
  for (int ordinal = 0; ordinal < count; ordinal++) {
    char address[32] = "-";
    const char *step = "";
    result = compute(ordinal, &step, address);
    if (result) wrong = 1;
    put("gpu ");
    put(address);
    put(" ");
    put(step);
    put(" ");
    put_number(result);
    put("\n");
  }
  return wrong;
}

__attribute__((used, noreturn)) static void begin(void) {
  system_call(231 /* exit_group */, run(), 0, 0);
  for (;;) ;
}

/* The stack must be aligned to 16 bytes at a call. */
__asm__(".globl _start\n_start:\n  xor %ebp, %ebp\n  and $-16, %rsp\n  call begin\n");
