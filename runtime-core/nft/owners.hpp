#pragma once

#include <memory>
#include <new>

#include <libnftnl/chain.h>
#include <libnftnl/flowtable.h>
#include <libnftnl/gen.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/trace.h>

// Inside this directory only: what frees libnftnl's objects.
namespace netctl::nft {

template <auto Free>
struct FreeWith {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using TablePtr = std::unique_ptr<nftnl_table, FreeWith<nftnl_table_free>>;
using ChainPtr = std::unique_ptr<nftnl_chain, FreeWith<nftnl_chain_free>>;
using RulePtr = std::unique_ptr<nftnl_rule, FreeWith<nftnl_rule_free>>;
using SetPtr = std::unique_ptr<nftnl_set, FreeWith<nftnl_set_free>>;
using ElementPtr = std::unique_ptr<nftnl_set_elem, FreeWith<nftnl_set_elem_free>>;
using FlowTablePtr = std::unique_ptr<nftnl_flowtable, FreeWith<nftnl_flowtable_free>>;
using GenPtr = std::unique_ptr<nftnl_gen, FreeWith<nftnl_gen_free>>;
using TracePtr = std::unique_ptr<nftnl_trace, FreeWith<nftnl_trace_free>>;
using ElementsIterPtr =
    std::unique_ptr<nftnl_set_elems_iter, FreeWith<nftnl_set_elems_iter_destroy>>;

// libnftnl gives no object only when memory is out.
template <class Owner>
Owner owned(typename Owner::pointer object) {
  if (object == nullptr) throw std::bad_alloc();
  return Owner(object);
}

}  // namespace netctl::nft
