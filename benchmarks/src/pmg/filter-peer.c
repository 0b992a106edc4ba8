/* The C peer of filtered search: dot products of a query with the 8-bit codes of the rows that a filter leaves, the next rows fetched
   ahead, the best score kept; rows lie and are as long as in the index. Arguments: rows, width (a multiple of 16).
   Each line of input is a number of searches and a share of the rows in millionths, drawn at random; each line of output is
   the milliseconds that the searches took and the best score. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static int dot(const short *restrict a, const signed char *restrict b, long width) {
  int sum = 0;
  for (long i = 0; i < width; i++) sum += a[i] * b[i];
  return sum;
}

static int search(const signed char *codes, const short *query, const int *list, long count, long width) {
  int best = -2147483647;
  for (long i = 0; i < count; i++) {
    const signed char *ahead = codes + list[i + 8] * (width + 8);
    for (long at = 0; at < width + 8; at += 64) __builtin_prefetch(ahead + at);
    int score = dot(query, codes + list[i] * (width + 8), width);
    if (score > best) best = score;
  }
  return best;
}

int main(int count, char **arguments) {
  if (count != 3) return 2;
  long rows = atol(arguments[1]), width = atol(arguments[2]);
  signed char *codes = malloc(rows * (width + 8));
  short *query = malloc(width * sizeof(short));
  int *list = malloc((rows + 8) * sizeof(int));
  if (!codes || !query || !list) return 1;
  unsigned state = 1;
  for (long i = 0; i < rows * (width + 8); i++) codes[i] = (state = state * 1664525u + 1013904223u) >> 24;
  for (long i = 0; i < width; i++) query[i] = (state = state * 1664525u + 1013904223u) >> 16;
  long searches, share, listed = -1, left = 0;
  while (scanf("%ld %ld", &searches, &share) == 2) {
    if (share != listed) {
      left = 0;
      for (long row = 0; row < rows; row++)
        if (((state = state * 1664525u + 1013904223u) >> 8) < share * 16.777216) list[left++] = row;
      memset(list + left, 0, 8 * sizeof(int));
      listed = share;
    }
    int best = 0;
    double start = now();
    for (long i = 0; i < searches; i++) {
      query[i % width] ^= 1;
      best ^= search(codes, query, list, left, width);
    }
    printf("%f %d\n", now() - start, best);
    fflush(stdout);
  }
}
