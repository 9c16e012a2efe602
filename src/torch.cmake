# LibTorch as the target actrec_torch: apt's, the one in PyPI's torch wheel, or one that was unpacked, found along
# CMAKE_PREFIX_PATH (its own folder or, as Python's torch.utils.cmake_prefix_path gives it, its share/cmake).
# A LibTorch for CUDA has CMake files that demand the CUDA toolkit. Nothing here uses the toolkit's headers, so the libraries
# are looked up by name, and build and run without one.
find_path(TORCH_INCLUDE ATen/ATen.h PATH_SUFFIXES ../../include REQUIRED)
get_filename_component(TORCH_INCLUDE ${TORCH_INCLUDE} REALPATH)
get_filename_component(torch_root ${TORCH_INCLUDE} DIRECTORY)
set(torch_libraries)
foreach(name torch_cpu c10)
  find_library(TORCH_LIBRARY_${name} ${name} HINTS ${torch_root}/lib REQUIRED)
  list(APPEND torch_libraries ${TORCH_LIBRARY_${name}})
endforeach()
get_filename_component(torch_library_dir ${TORCH_LIBRARY_torch_cpu} DIRECTORY)

file(GLOB torch_configs ${torch_root}/share/cmake/Torch/TorchConfig.cmake ${torch_library_dir}/cmake/Torch/TorchConfig.cmake)
foreach(config ${torch_configs})
  file(STRINGS ${config} torch_facts REGEX "CXX11_ABI=0|cxx_std_20")
  if(torch_facts MATCHES "CXX11_ABI=0")
    message(FATAL_ERROR "The LibTorch in ${torch_root} was built with the old C++ ABI; take one with the C++11 ABI, such as PyPI's torch from 2.7 on")
  endif()
  if(torch_facts MATCHES "cxx_std_20")
    set(CMAKE_CXX_STANDARD 20) # its headers need it
  endif()
endforeach()

# Beside its own, LibTorch's folder of headers may hold those of its copies of other libraries, such as fmt, which
# would hide ours.
set(torch_include ${TORCH_INCLUDE})
if(EXISTS ${TORCH_INCLUDE}/fmt AND NOT TORCH_INCLUDE STREQUAL "/usr/include")
  set(torch_include ${CMAKE_BINARY_DIR}/torch_include)
  file(MAKE_DIRECTORY ${torch_include})
  foreach(folder ATen c10 caffe2 torch)
    file(CREATE_LINK ${TORCH_INCLUDE}/${folder} ${torch_include}/${folder} SYMBOLIC)
  endforeach()
endif()

add_library(actrec_torch INTERFACE)
target_include_directories(actrec_torch SYSTEM INTERFACE ${torch_include} ${torch_include}/torch/csrc/api/include)
target_link_libraries(actrec_torch INTERFACE ${torch_libraries})

# For programs: its operations on CUDA devices, where it has them. Linked though nobody calls it: what it registers when it is
# loaded makes CUDA available.
add_library(actrec_torch_cuda INTERFACE)
if(EXISTS ${torch_library_dir}/libtorch_cuda.so)
  target_link_options(actrec_torch_cuda INTERFACE -Wl,--push-state,--no-as-needed,${torch_library_dir}/libtorch_cuda.so,--pop-state)
endif()

# NCCL adds up gradients between CUDA devices. Its header and CUDA's come with PyPI's wheels, or with the toolkit;
# only actrec_nccl's user includes them.
add_library(actrec_nccl INTERFACE)
file(GLOB cuda_includes ${torch_root}/../nvidia/*/include)
find_path(NCCL_INCLUDE nccl.h HINTS ${cuda_includes})
find_path(CUDA_INCLUDE cuda_runtime_api.h HINTS ${cuda_includes} /usr/local/cuda/include)
if(EXISTS ${torch_library_dir}/libtorch_cuda.so AND NCCL_INCLUDE AND CUDA_INCLUDE)
  target_include_directories(actrec_nccl SYSTEM INTERFACE ${NCCL_INCLUDE} ${CUDA_INCLUDE} ${cuda_includes})
  target_link_libraries(actrec_torch_cuda INTERFACE ${torch_library_dir}/libc10_cuda.so)
  target_compile_definitions(actrec_nccl INTERFACE ACTREC_NCCL USE_C10D_NCCL)
endif()
message(STATUS "LibTorch: ${torch_library_dir}")
