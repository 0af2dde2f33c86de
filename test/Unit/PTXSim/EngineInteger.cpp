//===- EngineInteger.cpp - Integer and bit instructions -------------*- C++ -*-===//
//
// Expected values are computed here, from the formulas of the PTX ISA, in plain C++.
//
//===----------------------------------------------------------------------===//

#include "EngineSupport.h"

#include <climits>

namespace mv::ptxsim::test {
namespace {

const std::vector<uint32_t> a32 = {0,          1,          2,          7,   0x7fffffff, 0x80000000,
                                   0xffffffff, 0x12345678, 0xdeadbeef, 100, 0xfffffff0};
const std::vector<uint32_t> b32 = {0,          3,          0xffffffff, 2, 1,   0xffffffff,
                                   0xffffffff, 0x9abcdef0, 0x0badf00d, 7, 0x10};
const std::vector<uint32_t> c32 = {5, 0xffffffff, 1, 0, 0x80000000, 1, 2, 3, 4, 5, 6};
const std::vector<uint64_t> a64 = {0, 1, ~0ull, 0x8000000000000000ull, 0x123456789abcdef0ull, 42};
const std::vector<uint64_t> b64 = {3, ~0ull, ~0ull, 1, 0xfedcba9876543210ull, 5};
const std::vector<uint16_t> a16 = {0, 1, 0x7fff, 0x8000, 0xffff, 0x1234};
const std::vector<uint16_t> b16 = {9, 0xffff, 2, 0xffff, 0xffff, 0x4321};

template <typename D, typename A, typename F> void check1(const char *body, const std::vector<A> &a, F f) {
  auto got = evaluate<D>(body, a);
  for (size_t i = 0; i < a.size(); ++i)
    EXPECT_EQ(got[i], D(f(a[i]))) << body << " of element " << i;
}
template <typename D, typename A, typename B, typename F>
void check2(const char *body, const std::vector<A> &a, const std::vector<B> &b, F f) {
  auto got = evaluate<D>(body, a, b);
  for (size_t i = 0; i < a.size(); ++i)
    EXPECT_EQ(got[i], D(f(a[i], b[i]))) << body << " of element " << i;
}
template <typename D, typename A, typename B, typename C, typename F>
void check3(const char *body, const std::vector<A> &a, const std::vector<B> &b, const std::vector<C> &c,
            F f) {
  auto got = evaluate<D>(body, a, b, c);
  for (size_t i = 0; i < a.size(); ++i)
    EXPECT_EQ(got[i], D(f(a[i], b[i], c[i]))) << body << " of element " << i;
}
using U = uint32_t;
using S = int32_t;

// Addition and subtraction wrap at 16, 32 and 64 bits.
TEST(EngineInteger, AddSub) {
  check2<U>("add.u32 %d, %a, %b;", a32, b32, [](U a, U b) { return a + b; });
  check2<U>("sub.s32 %d, %a, %b;", a32, b32, [](U a, U b) { return a - b; });
  check2<uint64_t>("add.s64 %d, %a, %b;", a64, b64, [](uint64_t a, uint64_t b) { return a + b; });
  check2<uint64_t>("sub.u64 %d, %a, %b;", a64, b64, [](uint64_t a, uint64_t b) { return a - b; });
  check2<uint16_t>("add.s16 %d, %a, %b;", a16, b16, [](uint16_t a, uint16_t b) { return a + b; });
  check2<U>("add.sat.s32 %d, %a, %b;", a32, b32, [](S a, S b) {
    int64_t sum = int64_t(a) + b;
    return U(sum > INT_MAX ? INT_MAX : sum < INT_MIN ? INT_MIN : sum);
  });
  check1<U>("add.u32 %d, %a, -5;", a32, [](U a) { return a - 5; });
}

// The carry chains of extended precision.
TEST(EngineInteger, CarryChains) {
  check2<uint64_t>("{ .reg .b32 lo, hi, al, ah, bl, bh; mov.b64 {al, ah}, %a; mov.b64 {bl, bh}, %b;\n"
                   "add.cc.u32 lo, al, bl; addc.u32 hi, ah, bh; mov.b64 %d, {lo, hi}; }",
                   a64, b64, [](uint64_t a, uint64_t b) { return a + b; });
  check2<uint64_t>("{ .reg .b32 lo, hi, al, ah, bl, bh; mov.b64 {al, ah}, %a; mov.b64 {bl, bh}, %b;\n"
                   "sub.cc.u32 lo, al, bl; subc.u32 hi, ah, bh; mov.b64 %d, {lo, hi}; }",
                   a64, b64, [](uint64_t a, uint64_t b) { return a - b; });
  check3<uint64_t>(
      "{ .reg .b32 lo, hi; mad.lo.cc.u32 lo, %a, %b, %c; madc.hi.u32 hi, %a, %b, 0; mov.b64 %d, {lo, hi}; }",
      a32, b32, c32, [](U a, U b, U c) { return uint64_t(a) * b + c; });
}

TEST(EngineInteger, Multiply) {
  check2<U>("mul.lo.s32 %d, %a, %b;", a32, b32, [](U a, U b) { return a * b; });
  check2<U>("mul.hi.s32 %d, %a, %b;", a32, b32, [](S a, S b) { return U((int64_t(a) * b) >> 32); });
  check2<U>("mul.hi.u32 %d, %a, %b;", a32, b32, [](U a, U b) { return U((uint64_t(a) * b) >> 32); });
  check2<uint64_t>("mul.wide.s32 %d, %a, %b;", a32, b32, [](S a, S b) { return uint64_t(int64_t(a) * b); });
  check2<uint64_t>("mul.wide.u32 %d, %a, %b;", a32, b32, [](U a, U b) { return uint64_t(a) * b; });
  check2<U>("mul.wide.s16 %d, %a, %b;", a16, b16, [](int16_t a, int16_t b) { return U(a * b); });
  check2<uint64_t>("mul.hi.u64 %d, %a, %b;", a64, b64,
                   [](uint64_t a, uint64_t b) { return uint64_t((unsigned __int128)(a)*b >> 64); });
  check2<uint64_t>("mul.hi.s64 %d, %a, %b;", a64, b64, [](uint64_t a, uint64_t b) {
    return uint64_t((__int128)(int64_t(a)) * int64_t(b) >> 64);
  });
  check3<U>("mad.lo.u32 %d, %a, %b, %c;", a32, b32, c32, [](U a, U b, U c) { return a * b + c; });
  check3<U>("mad.hi.u32 %d, %a, %b, %c;", a32, b32, c32,
            [](U a, U b, U c) { return U((uint64_t(a) * b) >> 32) + c; });
  check2<U>("mul24.lo.u32 %d, %a, %b;", a32, b32,
            [](U a, U b) { return U(uint64_t(a & 0xffffff) * (b & 0xffffff)); });
  check2<U>("mul24.hi.s32 %d, %a, %b;", a32, b32, [](U a, U b) {
    int64_t x = int64_t(S(a << 8) >> 8), y = int64_t(S(b << 8) >> 8);
    return U((x * y) >> 16);
  });
}

TEST(EngineInteger, DivideRemainder) {
  std::vector<U> divisors = {1, 3, 0xffffffff, 2, 1, 5, 0xffffffff, 0x9abcdef0, 0x0badf00d, 7, 0x10};
  check2<U>("div.u32 %d, %a, %b;", a32, divisors, [](U a, U b) { return a / b; });
  check2<U>("rem.u32 %d, %a, %b;", a32, divisors, [](U a, U b) { return a % b; });
  check2<U>("div.s32 %d, %a, %b;", a32, divisors, [](S a, S b) { return U(S(int64_t(a) / b)); });
  check2<U>("rem.s32 %d, %a, %b;", a32, divisors, [](S a, S b) { return U(S(int64_t(a) % b)); });
}

TEST(EngineInteger, MinMaxAbsNegSad) {
  check2<U>("min.s32 %d, %a, %b;", a32, b32, [](S a, S b) { return U(a < b ? a : b); });
  check2<U>("max.u32 %d, %a, %b;", a32, b32, [](U a, U b) { return a > b ? a : b; });
  check1<U>("abs.s32 %d, %a;", a32, [](U a) { return S(a) < 0 ? 0 - a : a; });
  check1<uint64_t>("neg.s64 %d, %a;", a64, [](uint64_t a) { return 0 - a; });
  check3<U>("sad.s32 %d, %a, %b, %c;", a32, b32, c32,
            [](S a, S b, U c) { return c + (a < b ? U(b) - U(a) : U(a) - U(b)); });
}

TEST(EngineInteger, DotProducts) {
  check3<U>("dp4a.s32.s32 %d, %a, %b, %c;", a32, b32, c32, [](U a, U b, U c) {
    for (int i = 0; i < 4; ++i)
      c += U(S(int8_t(a >> 8 * i)) * S(int8_t(b >> 8 * i)));
    return c;
  });
  check3<U>("dp2a.hi.u32.s32 %d, %a, %b, %c;", a32, b32, c32, [](U a, U b, U c) {
    return c + U(S(a & 0xffff) * S(int8_t(b >> 16))) + U(S(a >> 16) * S(int8_t(b >> 24)));
  });
}

TEST(EngineBits, LogicAndShifts) {
  check2<U>("and.b32 %d, %a, %b;", a32, b32, [](U a, U b) { return a & b; });
  check2<uint64_t>("xor.b64 %d, %a, %b;", a64, b64, [](uint64_t a, uint64_t b) { return a ^ b; });
  check1<U>("cnot.b32 %d, %a;", a32, [](U a) { return U(a == 0); });
  // Amounts above the width clamp: 0x9abcdef0 shifts everything out.
  check2<U>("shl.b32 %d, %a, %b;", a32, b32, [](U a, U b) { return b > 31 ? 0 : a << b; });
  check2<U>("shr.u32 %d, %a, %b;", a32, b32, [](U a, U b) { return b > 31 ? 0 : a >> b; });
  check2<U>("shr.s32 %d, %a, %b;", a32, b32, [](S a, U b) { return U(a >> (b > 31 ? 31 : b)); });
  check3<U>("shf.l.wrap.b32 %d, %a, %b, %c;", a32, b32, c32,
            [](U a, U b, U c) { return U(((uint64_t(b) << 32 | a) << (c & 31)) >> 32); });
  check3<U>("shf.r.clamp.b32 %d, %a, %b, %c;", a32, b32, c32,
            [](U a, U b, U c) { return c > 31 ? b : U((uint64_t(b) << 32 | a) >> c); });
  check3<U>("lop3.b32 %d, %a, %b, %c, 0x96;", a32, b32, c32, [](U a, U b, U c) { return a ^ b ^ c; });
  check3<U>("lop3.b32 %d, %a, %b, %c, 0xca;", a32, b32, c32,
            [](U a, U b, U c) { return (a & b) | (~a & c); });
}

TEST(EngineBits, CountsAndFields) {
  check1<U>("popc.b32 %d, %a;", a32, [](U a) { return U(__builtin_popcount(a)); });
  check1<U>("clz.b64 %d, %a;", a64, [](uint64_t a) { return U(a ? __builtin_clzll(a) : 64); });
  check1<U>("brev.b32 %d, %a;", a32, [](U a) {
    U r = 0;
    for (int i = 0; i < 32; ++i)
      r |= (a >> i & 1) << (31 - i);
    return r;
  });
  check1<U>("bfind.s32 %d, %a;", a32, [](U a) {
    U v = S(a) < 0 ? ~a : a;
    return v ? U(31 - __builtin_clz(v)) : ~U(0);
  });
  std::vector<U> position = {0, 4, 8, 31, 16, 33, 0, 12, 8, 0, 28},
                 length = {32, 8, 0, 4, 16, 8, 31, 40, 255, 1, 8};
  // The ISA's own pseudocode.
  check3<U>("bfe.s32 %d, %a, %b, %c;", a32, position, length, [](U a, U b, U c) {
    int pos = int(b & 255), len = int(c & 255), msb = 31,
        sbit = len == 0 ? 0 : int(a >> std::min(pos + len - 1, msb) & 1);
    U d = 0;
    for (int i = 0; i <= msb; ++i)
      d |= U(i < len && pos + i <= msb ? a >> (pos + i) & 1 : sbit) << i;
    return d;
  });
  check3<U>("{ mov.b32 %w0, %a; bfi.b32 %d, %w0, 0x55555555, %b, %c; }", a32, position, length,
            [](U a, U b, U c) {
              int pos = int(b & 255), len = int(c & 255);
              U d = 0x55555555;
              for (int i = 0; i < len && pos + i <= 31; ++i)
                d = (d & ~(1u << (pos + i))) | (a >> i & 1) << (pos + i);
              return d;
            });
  check3<U>(
      "prmt.b32 %d, %a, %b, %c;", a32, b32,
      std::vector<U>{0x3210, 0x7654, 0x0, 0x1111, 0xcba9, 0x5410, 0x7632, 0x8421, 0x6543, 0x4321, 0xffff},
      [](U a, U b, U c) {
        uint64_t bytes = uint64_t(b) << 32 | a;
        U d = 0;
        for (int i = 0; i < 4; ++i) {
          U sel = c >> 4 * i & 15, byte = U(bytes >> 8 * (sel & 7)) & 255;
          d |= (sel & 8 ? (byte & 128 ? 255u : 0u) : byte) << 8 * i;
        }
        return d;
      });
}

// Comparison, selection and predicate logic.
TEST(EngineCompare, Predicates) {
  check2<U>("setp.lt.s32 %p0, %a, %b; selp.u32 %d, 1, 0, %p0;", a32, b32, [](S a, S b) { return U(a < b); });
  check2<U>("setp.hi.u32 %p0, %a, %b; selp.u32 %d, 1, 0, %p0;", a32, b32, [](U a, U b) { return U(a > b); });
  check3<U>("setp.eq.u32 %p1, %c, 5; setp.lt.or.u32 %p0|%p2, %a, %b, !%p1; selp.u32 %d, 1, 0, %p0; selp.u32 "
            "%w0, 2, 0, %p2; or.b32 %d, %d, %w0;",
            a32, b32, c32, [](U a, U b, U c) { return U(a < b || c != 5) | U(!(a < b) || c != 5) << 1; });
  check2<U>("setp.ge.u32 %p0, %a, 7; setp.ne.u32 %p1, %b, 1; and.pred %p2, %p0, !%p1; not.pred %p3, %p2; "
            "selp.u32 %d, 9, 4, %p3;",
            a32, b32, [](U a, U b) { return (a >= 7 && !(b != 1)) ? 4u : 9u; });
  check2<U>("set.gt.u32.s32 %d, %a, %b;", a32, b32, [](S a, S b) { return a > b ? ~U(0) : 0; });
  check3<U>("slct.b32.s32 %d, %a, %b, %c;", a32, b32, c32, [](U a, U b, S c) { return c >= 0 ? a : b; });
  // A guard leaves other lanes alone.
  check2<U>("mov.u32 %d, %b; setp.lt.u32 %p0, %a, 8; @%p0 add.u32 %d, %a, 1; @!%p0 mov.u32 %d, 77;", a32, b32,
            [](U a, U) { return a < 8 ? a + 1 : 77; });
}

TEST(EngineMove, PackAndConvertIntegers) {
  check1<uint64_t>(
      "{ .reg .b16 q<4>; mov.b64 {q0, q1, q2, q3}, %a; mov.b64 %d, {q3, q2, q1, q0}; }", a64,
      [](uint64_t a) { return (a >> 48) | (a >> 32 & 0xffff) << 16 | (a >> 16 & 0xffff) << 32 | a << 48; });
  check1<uint64_t>("cvt.s64.s32 %d, %a;", a32, [](S a) { return uint64_t(int64_t(a)); });
  check1<uint64_t>("cvt.u64.u32 %d, %a;", a32, [](U a) { return uint64_t(a); });
  check1<U>("cvt.u32.u64 %d, %a;", a64, [](uint64_t a) { return U(a); });
  check1<U>("cvt.s32.s8 %d, %a;", a32, [](U a) { return U(S(int8_t(a))); });
  check1<U>("cvt.sat.u8.s32 %d, %a;", a32, [](S a) { return U(a < 0 ? 0 : a > 255 ? 255 : a); });
  check1<uint16_t>("cvt.u16.u32 %d, %a;", a32, [](U a) { return uint16_t(a); });
}

} // namespace
} // namespace mv::ptxsim::test
